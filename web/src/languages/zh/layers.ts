/** What is said of layers, maps and images, in Chinese. */

import { translate } from "../../language";

translate({
  "This page holds no network that it can run.": "这个页面里没有可以运行的网络。",
  "This browser cannot paint (it has no canvas), so nothing can be shown here. Another browser, or another setting of this one, can.":
    "这个浏览器不能绘图（没有 canvas），所以这里什么也显示不了。换一个浏览器，或换一种设置，就可以。",
  Layer: "层",
  Kind: "种类",
  Output: "输出",
  Parameters: "参数",
  "{filters} small patterns, the filters, slide over the input. Each one draws a map: strong where its pattern is.":
    "{filters} 个小图案（滤波器）在输入上滑动，各画出一张特征图：哪里有它的图案，哪里的值就大。",
  "Of each {size} window only the greatest value stays. The maps get smaller, and what was found is kept.":
    "每个 {size} 的窗口只留下最大的值。特征图变小了，找到的东西还在。",
  "Of each {size} window only the mean stays. The maps get smaller.": "每个 {size} 的窗口只留下平均值，特征图变小。",
  "Of each map only its greatest value stays: whether the pattern is anywhere at all.":
    "每张特征图只留下最大的值：这个图案到底有没有出现。",
  "Of each map only its mean stays: how much of the pattern there is.": "每张特征图只留下平均值：这个图案有多少。",
  "All values of all maps are put in one long row. Nothing is changed or lost.":
    "所有特征图的所有值排成一长列，什么都没有改变，也没有丢失。",
  "Each of {units} units multiplies all {inputs} values by weights of its own and adds them up.":
    "{units} 个单元各用自己的权重去乘全部 {inputs} 个值，再加起来。",
  "One function is applied to each value by itself.": "对每个值单独应用同一个函数。",
  "While the network learned, {share}% of the values were switched off at random, so that it relies on no single one. Now all pass.":
    "训练时随机关掉 {share}% 的值，使网络不依赖其中任何一个。现在全部通过。",
  "Each map is brought to a common scale, with the mean and the spread that were seen in training.":
    "用训练时见到的均值和离散程度，把每张特征图调整到同一尺度。",
  " ": "",
  "Then ReLU turns every negative value into 0.": "然后 ReLU 把所有负值变成 0。",
  "Then leaky ReLU shrinks every negative value to a fifth.": "然后 leaky ReLU 把所有负值缩小到五分之一。",
  "Then GELU brings negative values close to 0.": "然后 GELU 使负值接近 0。",
  "Then SiLU brings negative values close to 0.": "然后 SiLU 使负值接近 0。",
  "Then tanh bends every value into the range from −1 to 1.": "然后 tanh 把每个值压到 −1 和 1 之间。",
  "Then the sigmoid bends every value into the range from 0 to 1.": "然后 sigmoid 把每个值压到 0 和 1 之间。",
  "Then softmax turns the sums into shares that add up to 100%.": "然后 softmax 把这些和变成总共 100% 的份额。",
  Convolution: "卷积",
  "Max pooling": "最大池化",
  "Average pooling": "平均池化",
  "Global max pooling": "全局最大池化",
  "Global average pooling": "全局平均池化",
  Flatten: "展平",
  "Dense layer": "全连接层",
  Activation: "激活函数",
  Dropout: "随机失活",
  "Batch normalization": "批归一化",
  "Your drawing": "你的画",
  "No image is looked at.": "现在没有看任何图像。",
  "Image {index} of the {split} images: {name}": "{split}图像第 {index} 张：{name}",
  test: "测试",
  validation: "验证",
  train: "训练",
  "The network says “{name}”, {share}, but this run would rather say “I don't know”.":
    "网络说是“{name}”，{share}；但这次训练宁愿回答“我不知道”。",
  "The network says “{name}”, {share}.": "网络说是“{name}”，{share}。",
  "The image that is looked at": "正在看的图像",
  "Show all {count}": "显示全部 {count} 张",
  "Map {map}, row {row}, column {column}": "特征图 {map}，第 {row} 行第 {column} 列",
  "Map {number}": "特征图 {number}",
  "Unit {number}": "单元 {number}",
  "{name}, answered right": "{name}，答对了",
  "{name}, taken for {other}": "{name}，被认成 {other}",
  "Underlined ones are answered wrongly.": "下面有线的是答错的。",
  "This browser cannot read the images of this page.": "这个浏览器读不了页面里的图像。",
});
