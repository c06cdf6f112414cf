/** What the curves say, in Chinese. */

import { translate } from "../../language";

translate({
  Loss: "损失",
  Accuracy: "准确率",
  training: "训练",
  validation: "验证",
  epoch: "轮次",
  "{name} by epoch; after the last one: {last}": "各轮的{name}；最后一轮之后：{last}",
});
