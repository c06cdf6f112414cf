/** What the story says, in Chinese. */

import { translate } from "../../language";

translate({
  Learn: "学一学",
  "How does a network see?": "网络是怎么看的？",
  "What does the network get?": "网络得到的是什么？",
  "What is one filter looking for?": "一个滤波器在找什么？",
  "Why does the filter slide?": "滤波器为什么要滑动？",
  "What is one unit looking for?": "一个单元在找什么？",
  "What if the image moves?": "图像移动了会怎样？",
  "What does ReLU throw away?": "ReLU 丢掉了什么？",
  "What does the activation do?": "激活函数做什么？",
  "Is anything decided on the way?": "中间有没有做出任何决定？",
  "Why pool?": "为什么要池化？",
  "Why does it skip places?": "为什么要跳过一些位置？",
  "Why only one number a map?": "为什么每张特征图只留一个数？",
  "What is a map of maps?": "什么是“特征图的特征图”？",
  "How much of the image does one value see?": "一个值能看到图像的多少？",
  "How do maps become a decision?": "特征图怎么变成决定？",
  "What does softmax say?": "softmax 说的是什么？",
  "How did it learn?": "它是怎么学会的？",
  "When should it say “I don't know”?": "什么时候该说“我不知道”？",
  "Why do so? Sums of sums are only sums: without a bend between them, ten layers could do no more than one. With it, each layer can build on what the one before has decided.":
    "为什么要这样？和的和仍然只是和：中间没有弯折，十层能做的并不比一层多。有了弯折，每一层就能在上一层的决定之上继续。",
  "No. Most networks bend their values between layers, for instance by turning negative ones into 0. This one does not, so all of its layers together are one weighted sum of the pixels.":
    "没有。多数网络会在层与层之间把值弯折一下，例如把负值变成 0。这个网络不这样做，所以它所有的层合起来只是像素的一个加权和。",
  "Everything below 0. {share} of the {count} values of this layer were negative (blue) and are 0 now: “my pattern is not here” is all that is kept of them, and not by how much.":
    "0 以下的一切。这一层 {count} 个值中有 {share} 是负的（蓝色），现在都成了 0：只留下“这里没有我的图案”，而不管差多少。",
  "It bends: small values pass almost as they are, large ones are held near an end of the scale. {share} of the {count} values were negative.":
    "它会弯折：小的值几乎原样通过，大的值被压在刻度的两端附近。{count} 个值中有 {share} 是负的。",
  "It bends: positive values pass almost as they are, negative ones shrink. {share} of the {count} values were negative.":
    "它会弯折：正值几乎原样通过，负值缩小。{count} 个值中有 {share} 是负的。",
  "{name}: sum {sum}": "{name}：总和 {sum}",
  "By weighing evidence. All maps are put in one row of {inputs} values (that is called flattening). For each of {classes} classes, the answers that it can give, every value has a weight of its own, and the products are added. Orange places speak for the class, blue ones against it.":
    "靠权衡证据。所有特征图排成一列，共 {inputs} 个值（这叫展平）。对 {classes} 个类别（它能给出的答案）中的每一个，每个值都有自己的权重，乘积加在一起。橙色的位置支持这个类别，蓝色的反对。",
  "By weighing evidence. What is left are {inputs} values. For each of {classes} classes, the answers that it can give, every value has a weight of its own, and the products are added. Each bar is one value times its weight: orange ones speak for the class, blue ones against it.":
    "靠权衡证据。剩下 {inputs} 个值。对 {classes} 个类别（它能给出的答案）中的每一个，每个值都有自己的权重，乘积加在一起。每根柱子是一个值乘以它的权重：橙色的支持这个类别，蓝色的反对。",
  "You see the two classes with the greatest sums. The greatest one is the answer.": "图中是总和最大的两个类别。最大的那个就是答案。",
  "The map of a class": "一个类别的特征图",
  "Here each class has a map of its own: where it is strong, something speaks for the class. One number is made of each map, and the greatest is the answer. You see the maps of the two classes with the greatest numbers.":
    "这里每个类别都有自己的特征图：值大的地方有东西支持这个类别。每张特征图得出一个数，最大的就是答案。图中是数最大的两个类别的特征图。",
  "A map that goes in": "输入的一张特征图",
  "The weights for it": "对它的权重",
  "The image, with what this value sees of it": "图像，以及这个值看到的部分",
  "what this value sees of the image": "这个值看到的部分",
  "The other {count} maps add {others}; all together {total}.": "其余 {count} 张特征图加上 {others}；总共 {total}。",
  "All together {total}.": "总共 {total}。",
  "The next filters slide over the maps, and not over the image: over all {count} of them at once, with weights for each. So a filter here can ask for several things together: this edge, and that one below it. Shown are the maps that count most here.":
    "接下来的滤波器在特征图上滑动，而不是在图像上：同时滑过全部 {count} 张，对每张都有权重。所以这里的滤波器可以同时要求几样东西：这条边，还有它下面的那条边。图中是此处作用最大的几张。",
  "That is how simple patterns become parts, and parts become things. A value of the first layer sees {first} pixels of the image, this one {own}.":
    "简单的图案就这样组成部件，部件组成东西。第一层的一个值看到图像上 {first} 个像素，这个值看到 {own} 个。",
  "The image, with what one value sees of it": "图像，以及一个值看到的部分",
  "The map, with that value": "特征图，以及那个值",
  "{size} pixels, and no more. In deeper networks further filters slide over the maps of the first ones: so simple patterns become parts, and parts become things. This network has one such layer alone, and what follows has to do the rest.":
    "{size} 个像素，仅此而已。更深的网络里还有滤波器在这些特征图上滑动：简单的图案组成部件，部件组成东西。这个网络只有一个这样的层，其余的要靠后面的层来做。",
  "The image, with the place that fits best": "图像，以及最吻合的位置",
  "The weights of the filter": "滤波器的权重",
  "The piece that fits best": "最吻合的一块",
  "The piece that fits worst": "最不吻合的一块",
  "the filter: for red, green and blue": "滤波器：分别对红、绿、蓝",
  "the filter": "滤波器",
  "where it fits best": "最吻合的位置",
  "A small pattern. A filter is a picture of weights, here {size}. It is laid over a piece of the image, each pixel is multiplied by the weight that lies on it, and everything is added. Where light lies on orange and dark on blue the sum is large.":
    "一个小图案。滤波器是一幅由权重组成的图，这里是 {size}。把它盖在图像的一块上，每个像素乘以盖在上面的权重，再全部加起来。亮处碰上橙色、暗处碰上蓝色时，总和就大。",
  "This is filter {number} of the {count} of the first layer, the one that answers your image most. Nobody drew it: its weights were learned.":
    "这是第一层 {count} 个滤波器中的第 {number} 个，它对你的图像反应最强。它不是谁画出来的：权重是学来的。",
  "{label}: sum {sum}": "{label}：总和 {sum}",
  "your image, moved": "移动后的图像",
  "What the filter finds in it": "滤波器在其中找到的",
  "the map of what the filter finds": "滤波器找到的（特征图）",
  "Because a thing stays the same thing wherever it lies. The same {weights} weights are used at all {places} places, and what the filter finds there is drawn as a picture of its own, the map: orange where it finds its pattern. When the image moves, the map moves along. Outlined is where it finds most.":
    "因为一样东西无论在哪里都还是它。同样的 {weights} 个权重用在全部 {places} 个位置上，滤波器在那里找到的画成另一幅图，叫特征图：找到图案的地方是橙色。图像移动时，特征图也跟着移动。框出的是找到最多的地方。",
  "It saves work as well: this layer has {own} parameters. Weights of its own for each pixel and each value would have been {dense}.":
    "这样也省事：这一层有 {own} 个参数。如果每个像素对每个值都有单独的权重，就要 {dense} 个。",
  "The weights of one unit, as a picture": "一个单元的权重，画成图",
  "the weights of one unit": "一个单元的权重",
  "A picture. This network has no small filters: each unit has a weight for every pixel. Pixel times weight, all added: the sum is large where light lies on orange and dark on blue.":
    "一幅图。这个网络没有小滤波器：每个单元对每个像素都有一个权重。像素乘权重，全部相加：亮处碰上橙色、暗处碰上蓝色时，总和就大。",
  "This is unit {number} of {count}, the one that answers your image most. It finds its picture only where it was in training, and not when it has moved.":
    "这是 {count} 个单元中的第 {number} 个，它对你的图像反应最强。它只能在训练时所在的位置找到自己的图，移动了就找不到。",
  "There is no image to tell it on yet.": "还没有可以用来讲解的图像。",
  Steps: "步骤",
  "Next step": "下一步",
  Back: "上一步",
  "Your image: pick one,": "你的图像：选一张，",
  "or draw it": "或者自己画",
  "This run is a vote of {count} networks. The maps and weights here are those of the first.":
    "这次训练由 {count} 个网络投票。这里的特征图和权重都是第一个网络的。",
  "By small steps. Before a network has seen anything its weights are random, and its answers no more than guesses. This one was shown images in small groups, the batches, and after each batch every weight was moved a little in the direction that would have made its answers better. So its {parameters} parameters came about. {epochs}":
    "一小步一小步地学。网络什么都没看过时，权重是随机的，答案只是瞎猜。图像一小批一小批地给它看，每批之后，每个权重都朝着能让答案更好的方向挪一点点。它的 {parameters} 个参数就是这样来的。{epochs}",
  "What is “better” is said by the loss, the cross-entropy: the negative logarithm of the share that the right class got. Where the right class got 99% it is 0.01, of 50% it is 0.69, of 1% it is 4.61: the surer a wrong answer, the greater.":
    "什么叫“更好”，由损失来说，这里是交叉熵：它是正确类别所得份额的负对数。正确类别得到 99% 时它是 0.01，得到 50% 时是 0.69，得到 1% 时是 4.61：错得越肯定，它就越大。",
  "While this run learned, {share} of each label was spread evenly over all classes (label smoothing), so that it does not become too sure of itself: its loss in training cannot come down to 0.":
    "这次训练时，每个标签的 {share} 平均分给了所有类别（标签平滑），免得网络过于自信：所以训练的损失不可能降到 0。",
  "How far each weight moves is said by gradient descent: the more a weight has to do with the loss, the farther it is moved.":
    "每个权重挪多远，由梯度下降决定：权重对损失的影响越大，就挪得越远。",
  "How far each weight moves is said by {name}. It keeps for each weight a running mean of the directions and of their size, so that weights that are pulled the same way again and again move faster, and those that are pulled to and fro move less.":
    "每个权重挪多远，由 {name} 决定。它为每个权重记下方向及其大小的滑动平均，于是总被拉向同一边的权重挪得快，被来回拉的权重挪得少。",
  "Validation images are held out: it never learned from them. At the end it was right for {share} of them. Their loss, {held}, is measured without label smoothing, so it cannot be compared with that of training, {train}.":
    "验证图像是留出来的，它从没用它们学过。最后它答对了其中的 {share}。那里的损失 {held} 是不加标签平滑算的，所以不能和训练的损失 {train} 相比。",
  "You see map {number} of {count}, where some values are below 0 and some above.": "图中是 {count} 张特征图中的第 {number} 张，其中有的值小于 0，有的大于 0。",
  "Just before, batch normalization has brought each map to a common scale: the mean is taken away, and the spread made 1, and then both are set anew to what was learned.":
    "在此之前，批归一化把每张特征图调到了同一尺度：减去均值，把标准差变成 1，再换成学到的均值和标准差。",
  "It saw each of {count} training images once: that is one epoch.": "{count} 张训练图像各看了一遍：这叫一轮。",
  "It saw each of {count} training images {epochs} times: that is {epochs} epochs.": "{count} 张训练图像各看了 {epochs} 遍：也就是 {epochs} 轮。",
  "Validation images are held out: it never learned from them. At the end it was right for {share} of them; its loss there, {held}, is greater than its mean over the last epoch of training, {train}: a part of what it learned holds for the training images alone.":
    "验证图像是留出来的，它从没用它们学过。最后它答对了其中的 {share}；那里的损失 {held} 大于训练最后一轮的平均损失 {train}：它学到的东西有一部分只对训练图像成立。",
  "Validation images are held out: it never learned from them. At the end it was right for {share} of them, and its loss there, {held}, was no greater than its mean over the last epoch of training, {train}.":
    "验证图像是留出来的，它从没用它们学过。最后它答对了其中的 {share}，那里的损失 {held} 并不大于训练最后一轮的平均损失 {train}。",
  "your image": "你的图像",
  "your image, with dark and bright changed over": "明暗颠倒的图像",
  "nothing but noise": "只有噪声",
  Mistakes: "答错的",
  "When an image is unlike all that it learned from, or lies between two classes. Softmax alone cannot say so: its shares add up to 100% whatever it is shown. So this run learned limits from held-out images, which {keep} of them keep to; beyond them it says “I don't know”.":
    "当图像和它学过的都不像，或者介于两个类别之间的时候。光靠 softmax 说不出来：不管给它看什么，份额总是加起来 100%。所以这次训练从留出的图像学了界限，其中 {keep} 在界限以内；超出界限它就说“我不知道”。",
  "When an image is unlike all that it learned from, or lies between two classes. This run cannot: softmax makes shares that add up to 100% whatever it is shown, and limits to doubt them by were not learned.":
    "当图像和它学过的都不像，或者介于两个类别之间的时候。这次训练做不到：不管给它看什么，softmax 的份额总是加起来 100%，而可以用来怀疑的界限没有学过。",
  "Mistakes of this network. Pick one, and go back through the steps with it.": "这个网络答错的图像。选一张，带着它把前面的步骤再走一遍。",
  "I don't know": "我不知道",
  "“{name}”": "“{name}”",
  "(softmax alone: “{name}”, {share})": "（只看 softmax：“{name}”，{share}）",
  "Of {count} {split} images all were answered right. That is no proof that it always is.": "{count} 张{split}图像全部答对了。这并不证明它总是对的。",
  "And it fails: of {count} {split} images {wrong} were answered wrongly. On images of another kind, by another hand or from another camera, it is often more.":
    "它也会出错：{count} 张{split}图像中答错了 {wrong} 张。换成另一类图像，换一个人写，换一台相机拍，错的往往更多。",
  "Then every pixel meets another weight, and the answer may be another. Convolutional networks slide small filters over the image, so that a thing is found wherever it lies; this network has none.":
    "那么每个像素碰到的权重都变了，答案也可能变。卷积网络让小滤波器在图像上滑动，东西无论在哪里都能找到；这个网络没有滤波器。",
  "The image, with a piece of it outlined": "图像，其中一块被框出",
  "Row {row}, column {column}": "第 {row} 行第 {column} 列",
  "The piece as numbers": "这一块写成数",
  "Numbers, and nothing else. Your image is {size} = {count} of them, one for each pixel: 0 is black, 1 is white. The piece that is outlined is written out here.":
    "只有数，别的什么也没有。你的图像是 {size} = {count} 个数，每个像素一个：0 是黑，1 是白。框出的那一块写在这里。",
  "Numbers, and nothing else. Your image is {size} = {count} of them, {channels} for each pixel: how much there is of red, of green and of blue. The red of the piece that is outlined is written out here.":
    "只有数，别的什么也没有。你的图像是 {size} = {count} 个数，每个像素 {channels} 个：红、绿、蓝各有多少。框出的那一块的红色写在这里。",
  "Nobody tells the network what a line is, or a curve. It has to find out by itself what in these numbers matters.":
    "没有人告诉网络什么是直线，什么是曲线。这些数里什么重要，要它自己去发现。",
  "what you see": "你看到的",
  "what the network gets": "网络得到的",
  Temperature: "温度",
  "your own: {value}": "自己选：{value}",
  "this run’s: {value}": "这次训练的：{value}",
  "temperature {value}": "温度 {value}",
  "It turns sums into shares that add up to 100%: e to the power of each sum, divided by all of these together. Here {name} gets {share}.":
    "它把总和变成加起来 100% 的份额：取 e 的各个总和次方，再除以它们全部之和。这里{name}得到 {share}。",
  "The sums can first be divided by a number, the temperature. A low one makes the network surer, a high one less sure; the order of the classes stays.":
    "总和可以先除以一个数，叫温度。温度低，网络更肯定；温度高，网络更不肯定；类别的次序不变。",
  "This run leaves its sums as they are. A share is not yet how often the network is right: many networks are too sure of themselves.":
    "这次训练让总和保持原样。份额还不等于网络答对的频率：许多网络过于自信。",
  "This run uses {temperature}. It was found on held-out images, so that it is right about as often as its shares say.":
    "这次训练用的温度是 {temperature}。它是在留出的图像上找到的，使网络答对的频率和它说的份额大致相符。",
  "A map before": "之前的一张特征图",
  "A map after": "之后的一张特征图",
  "To keep that something was found, and forget exactly where. Of each {window} window only the greatest value stays: {before} values become {after}, so there is less to compute, and each value stands for a larger part of the image.":
    "记住找到了什么，忘掉确切在哪里。每个 {window} 的窗口只留下最大的值：{before} 个值变成 {after} 个，要算的少了，每个值也代表图像更大的一部分。",
  "To keep how much was found, and forget exactly where. Of each {window} window only the mean stays: {before} values become {after}, so there is less to compute, and each value stands for a larger part of the image.":
    "记住找到了多少，忘掉确切在哪里。每个 {window} 的窗口只留下平均值：{before} 个值变成 {after} 个，要算的少了，每个值也代表图像更大的一部分。",
  "To have less to compute. The filters move in steps of {window} pixels, and their neighbours see almost the same anyway. Other networks look everywhere, and then pool: they keep only the greatest value of each small window.":
    "为了少算一些。滤波器每步移动 {window} 个像素，相邻的位置看到的本来就差不多。别的网络每个位置都看，然后池化：每个小窗口只留下最大的值。",
  "Move this image by one pixel, and the maps before pooling change by {before}, those after it by {after}. Small movements matter less.":
    "把这张图像移动一个像素，池化之前的特征图改变 {before}，之后的改变 {after}。小的移动变得不那么要紧。",
  "Move this image by one pixel, and the maps before pooling change by {before}, those after it by {after}: for this image pooling does not make small movements matter less.":
    "把这张图像移动一个像素，池化之前的特征图改变 {before}，之后的改变 {after}：对这张图像，池化并没有使小的移动变得不要紧。",
  "What stays of it": "留下的",
  "To keep that something was found, and forget where. Of each map only its greatest value stays.": "记住找到了什么，忘掉在哪里。每张特征图只留下最大的值。",
  "To keep how much of something there is, and forget where. Of each map only its mean stays.": "记住有多少，忘掉在哪里。每张特征图只留下平均值。",
  "one map": "一张特征图",
  "what stays of it": "留下的",
});
