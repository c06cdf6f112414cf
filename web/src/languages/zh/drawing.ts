/** What the sheet and its tools say, in Chinese. */

import { translate } from "../../language";

translate({
  "Sheet to draw on with mouse, finger or pen. The arrow keys move what is drawn.": "画板：可用鼠标、手指或触控笔作画，方向键可移动画好的内容。",
  Tool: "工具",
  Pen: "画笔",
  Eraser: "橡皮",
  Move: "移动",
  Undo: "撤销",
  Clear: "清空",
  Thickness: "粗细",
  Colour: "颜色",
  "Another colour": "其他颜色",
  "Fill the sheet": "填满画板",
  black: "黑色",
  white: "白色",
  red: "红色",
  orange: "橙色",
  yellow: "黄色",
  green: "绿色",
  blue: "蓝色",
  brown: "棕色",
  "The network takes images of {channels} channels, which one cannot draw.": "这个网络接收 {channels} 个通道的图像，无法手绘。",
});
