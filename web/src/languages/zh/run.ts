/** What is said of the run, in Chinese. */

import { translate } from "../../language";

translate({
  Run: "训练",
  "Rows are what an image is, columns what is answered. Most often {label} is taken for {predicted}: {count} of {all}.":
    "行是图像本来的类别，列是给出的答案。最常见的是把{label}认成{predicted}：{all} 张中有 {count} 张。",
  "No {split} image is answered wrongly.": "没有一张{split}图像答错。",
  "What is taken for what": "把什么认成什么",
  "{label} taken for {predicted}: {count}": "{label}被认成{predicted}：{count}",
  "{count} of {all}, {share}": "{all} 张中 {count} 张，{share}",
  "Select an area by touch": "用手指选一块区域",
  "Image {index}: {name}, taken for {other}.": "图像 {index}：{name}，被认成{other}。",
  "Image {index}: {name}.": "图像 {index}：{name}。",
  "Its picture is not in this page.": "这个页面里没有它的图。",
  "Walk through the layers with it": "带着它逐层看",
  "Images of the area": "区域里的图像",
  "{count} images in the area: {most}. {wrong} of them are answered wrongly.": "区域里有 {count} 张图像：{most}。其中 {wrong} 张答错了。",
  "{count} of “{name}”": "“{name}”{count} 张",
  "No image lies in the area.": "区域里没有图像。",
  "Map of {count} images. Arrow keys go from image to image, Enter lists those around one.":
    "{count} 张图像的分布图。方向键在图像间移动，回车列出周围的图像。",
  "All images by what the network makes of them": "网络眼中的所有图像",
  "Images that the network sees as alike lie close together (t-SNE; distances between groups mean little).":
    "网络认为相像的图像靠在一起（t-SNE；群与群之间的距离没有多少意义）。",
  "Each image is placed by the two directions in which the features differ most; what the network sees as alike lies close together.":
    "每张图像按特征差异最大的两个方向摆放；网络认为相像的靠在一起。",
  "Crosses are mistakes. Larger dots have their picture in this page: {count}. Point at one, or draw a rectangle to list what is in it.":
    "叉是答错的。大点在本页里有图，共 {count} 个。指着一个看看，或者拉一个框，列出里面的图像。",
  "Image {index}: {name}, answered right with {share}.": "图像 {index}：{name}，以 {share} 答对了。",
  "Image {index}: {name}, taken for {other} with {share}.": "图像 {index}：{name}，以 {share} 被认成{other}。",
  "This run": "这次训练",
  "It has not been judged on test images yet: pellucid evaluate does so.": "它还没有在测试图像上评判过：pellucid evaluate 可以做到。",
  "{share} of the {split} images are answered right": "{split}图像答对了 {share}",
  "{right} of {count} images that had no part in the training. On many other images of the same kind it would be between {low} and {high}, with a confidence of 95%.":
    "没有参与训练的 {count} 张图像中答对了 {right} 张。换成许多同类的图像，准确率会在 {low} 和 {high} 之间，置信度 95%。",
  "There was one epoch: each training image was seen once. Training images are counted while the network learns, validation images afterwards.":
    "只有一轮：每张训练图像看了一遍。训练图像在学习过程中计算，验证图像在之后计算。",
  "An epoch is one pass over all training images. They are counted while the network learns, validation images after each epoch.":
    "一轮就是把所有训练图像看一遍。训练图像在学习过程中计算，验证图像在每轮之后计算。",
  "How the training went": "训练的过程",
  "The {count} worst of {all}. Pick one to look at it.": "{all} 张中最糟的 {count} 张。点一张就能看。",
  "All {count}, the worst first. Pick one to look at it.": "全部 {count} 张，最糟的在前。点一张就能看。",
  Mistakes: "答错的",
  Samples: "样本",
  "Images of the {split} split that are answered right.": "{split}图像中答对的。",
  Recipe: "配方",
  Data: "数据",
  "Images: {split}": "{split}图像",
  Epochs: "轮数",
  "Seconds of training": "训练用时（秒）",
  Started: "开始于",
  Device: "设备",
  "What it is": "它是什么",
  "The same again:": "再来一次：",
  "The recipe.json that it reads": "它读取的 recipe.json",
});
