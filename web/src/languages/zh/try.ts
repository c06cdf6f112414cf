/** What the view "Try" says, in Chinese. */

import { translate } from "../../language";

translate({
  Try: "试一试",
  "Try it on images that it has never seen": "用它从未见过的图像试试",
  "This browser cannot read the pixels of an image.": "此浏览器无法读取图像的像素。",
  "The file is empty.": "文件是空的。",
  "A file may have {most} MiB; this one has {size}.": "文件不能超过 {most} MiB，这个文件有 {size} MiB。",
  "It is not an image that this browser can read.": "这不是此浏览器能读取的图像。",
  "An image may have {millions} million pixels; this one has {width} × {height}. Make it smaller first.":
    "图像最多可有 {millions} 百万像素，这张有 {width} × {height}。请先缩小。",
  "It is so narrow ({width} × {height} pixels) that nothing of it would be left.": "图像过于狭长（{width} × {height} 像素），缩放后什么都不剩。",
  "The image as the network gets it. Drag over it to cover parts; arrow keys move the patch, Enter lays it down.":
    "网络实际得到的图像。拖动可遮住一部分；方向键移动遮块，回车键放下。",
  "Take the patches away": "去掉遮块",
  "Cover with": "遮挡方式",
  Erase: "擦除",
  "Cover with grey": "用灰色遮住",
  "Drag over the image: is what you cover what the answer hangs on?": "在图像上拖动：你遮住的，是不是答案所依据的部分？",
  "Which parts the answer hangs on": "答案依据图像的哪些部分",
  Scale: "色标",
  "{done} of {count} places covered …": "已遮挡 {done} / {count} 处……",
  "Stopped before all places were covered.": "已停止，尚未遮挡全部位置。",
  Stop: "停止",
  "Show what the answer hangs on": "看看答案依据哪些部分",
  "A patch of {tall} × {wide} pixels was laid on {count} places. Orange: with the patch there, {name} is less probable, so this part speaks for it. Blue: it speaks against it. The numbers are what the probability loses.":
    "把一个 {tall} × {wide} 像素的遮块依次放在 {count} 处。橙色：遮住后“{name}”的概率降低，说明这部分支持它。蓝色：这部分反对它。数字是概率减少了多少。",
  "Held-out images": "未参与训练的图像",
  "Show more": "显示更多",
  "{name}, taken for {said}": "{name}，被认成 {said}",
  "Which images": "哪些图像",
  "Its mistakes ({count})": "认错的（{count}）",
  "All that are here ({count})": "全部（{count}）",
  "Only the first {most} of {count} files are shown.": "共 {count} 个文件，只显示前 {most} 个。",
  "Choose image files": "选择图像文件",
  "or drop them anywhere on this page.": "或把文件拖到页面任意处。",
  "Nothing leaves your computer.": "文件不会离开你的电脑。",
  "They are stretched to {height} × {width} pixels, as the run reads files.": "图像会拉伸为 {height} × {width} 像素，与该模型读取文件的方式相同。",
  "They are brought to {height} × {width} pixels with their proportions kept and the rest filled up, as the run reads files.":
    "图像会按比例缩放到 {height} × {width} 像素，空余处填充，与该模型读取文件的方式相同。",
  "They are brought to {height} × {width} pixels with their proportions kept and the rest cut off, as the run reads files.":
    "图像会按比例缩放到 {height} × {width} 像素，多余处裁掉，与该模型读取文件的方式相同。",
  "Your browser decodes them: pixels may differ from those that Python reads by a grey level, and of a JPEG or a transparent image by a few.":
    "解码由浏览器完成：像素值可能与 Python 读出的相差一个灰度级，JPEG 或带透明度的图像可能相差几个。",
  "At most {mib} MiB and {millions} million pixels each.": "每个文件最大 {mib} MiB，{millions} 百万像素。",
  "No image was chosen yet.": "还没有选择图像。",
  "Exchange dark and bright": "明暗反转",
  "It is your drawing.": "这是你画的。",
  "It is labelled {name}.": "它的标签是 {name}。",
  "Its edge is bright, and what the network was trained on is bright on dark: try exchanging.": "它的边缘偏亮，而网络训练用的图像是深底亮字：请试试明暗反转。",
  "Its edge is dark, and what the network was trained on is dark on bright: try exchanging.": "它的边缘偏暗，而网络训练用的图像是亮底深字：请试试明暗反转。",
});
