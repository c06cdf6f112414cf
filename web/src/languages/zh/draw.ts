/** What the view "Draw" says, in Chinese. */

import { translate } from "../../language";

translate({
  Draw: "画一画",
  "Draw something, and see what your network makes of it": "画点什么，看看你的网络怎么认",
  "What the network gets": "网络实际得到的图像",
  "What the network gets, {height} × {width} pixels": "网络实际得到的图像，{height} × {width} 像素",
  "row {row}, column {column}: {values}": "第 {row} 行第 {column} 列：{values}",
  "Your sheet, brought to the {height} × {width} pixels that the network takes.": "你的画，缩放为网络所需的 {height} × {width} 像素。",
  "What you draw is cut out, brought to a box of 20 × 20 pixels, and laid so that its centre of mass is in the middle: so were the images that the network was trained on.":
    "你画的内容会被裁出，缩放到 20 × 20 像素的方框内，再按质心居中放置：网络训练时用的图像正是这样处理的。",
  "Your sheet as it is. The network has seen nothing but centred images: draw small, or move your drawing into a corner, and it errs. It cannot know better.":
    "画面原样送入。网络只见过居中的图像：画得小一些，或把画移到角落，它就会认错。这不怪它，它没学过。",
  "How the drawing is brought to the network": "画面如何送入网络",
  Centred: "居中",
  "As drawn": "原样",
  "Nothing drawn yet.": "还没有画任何内容。",
  "See what the answer hangs on": "看看答案依据哪些部分",
  Order: "排序",
  "In order": "按类别",
  "Most probable first": "按概率",
  "The ten most probable of {count} classes.": "共 {count} 个类别，这里列出概率最高的十个。",
  "This run never says “I don’t know”: it has an answer to everything, a scribble too.": "这个模型从不说“我不知道”：什么都会给出答案，乱涂也不例外。",
  "An answer of this network takes a while here, so it follows you a little behind.": "这个网络在此设备上作答较慢，结果会稍有延迟。",
  "Lay a held-out image on the sheet": "在画板上放一张测试图像",
  "Draw on it, or move it with the arrow keys.": "可以在上面作画，也可用方向键移动它。",
});
