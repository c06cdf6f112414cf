/** What the answer says, in Chinese. */

import { translate } from "../../language";

translate({
  "I don’t know": "我不知道",
  "It is unlike anything I was trained on. If I had to guess: {name}.": "它和我训练时见过的图像都不像。如果非猜不可：{name}。",
  "It is between {name} and {second}.": "介于 {name} 和 {second} 之间。",
  "answered in {time} ms": "用时 {time} 毫秒",
});
