/** What the view "Your hand" says, in Chinese. */

import { translate } from "../../language";

translate({
  "Your hand": "你的字迹",
  "How well does it read your hand?": "它认得出你画的吗？",
  "Draw, then say what you meant. Only then is the answer shown, so that it cannot sway you.": "先画，再说明你画的是什么，之后才显示答案，以免影响你的判断。",
  "What did you mean?": "你画的是什么？",
  "That is it": "就是它",
  "You meant {meant}. It says: I don’t know; if it had to guess, {said}.": "你画的是 {meant}。它说：我不知道；非猜不可的话是 {said}。",
  "You meant {meant}, and it says so too.": "你画的是 {meant}，它也这么认为。",
  "You meant {meant}. It says: {said}.": "你画的是 {meant}，它说是 {said}。",
  "Ten drawings say little, a hundred say much.": "画十幅说明不了多少，画一百幅就很能说明问题。",
  "{meant} taken for {said}: {count}": "{meant} 被认成 {said}：{count} 次",
  "Of your hand {right} of {count} are right: {share}, 95% interval {low} to {high}%.": "你画的 {count} 幅中认对 {right} 幅：{share}，95% 置信区间 {low}% 到 {high}%。",
  "On its {split} images {accuracy} are right; of your hand {right} of {count}: {share}, 95% interval {low} to {high}%.":
    "在{split}图像上它认对 {accuracy}；你画的 {count} 幅中认对 {right} 幅：{share}，95% 置信区间 {low}% 到 {high}%。",
  test: "测试",
  validation: "验证",
  "Your hand is harder for it than its test images, by more than chance explains: what it was trained on came about in another way.":
    "你画的比测试图像更难认，这不是偶然能解释的：它训练用的图像是以别的方式产生的。",
  "Your hand is easier for it than its test images, by more than chance explains.": "你画的比测试图像更好认，这不是偶然能解释的。",
  "That may be chance: {count} drawings cannot tell your hand from its test images.": "这可能只是偶然：仅凭 {count} 幅画，看不出你画的与测试图像有差别。",
  "It never said “I don’t know”.": "它一次也没说“我不知道”。",
  "It said “I don’t know” each time; counted is what it would have guessed.": "它每次都说“我不知道”；这里按它的猜测计算。",
  "It said “I don’t know” {refused} times; counted is what it would have guessed. Of the other {answered}, {right} are right.":
    "它有 {refused} 次说“我不知道”，这些按它的猜测计算；其余 {answered} 幅中认对 {right} 幅。",
  "Bring back": "恢复",
  "Delete all": "全部删除",
  "Deleted: {count}.": "已删除 {count} 幅。",
  "Delete this drawing of {name}": "删除这幅 {name}",
  "Export {name}": "导出 {name}",
  Import: "导入",
  "Let Pellucid judge it, or train on it:": "用 Pellucid 评估它，或用它训练：",
  "Imported: {added}. Already here: {known}.": "已导入 {added} 幅，已有 {known} 幅。",
  "Nothing was changed.": "未作任何更改。",
  "Your drawings stay in this browser, and go nowhere else.": "你的画只保存在此浏览器中，不会传到别处。",
  "This browser lets the page store nothing. Your drawings are lost when you close it: export them before.":
    "此浏览器不允许页面保存数据。关闭页面后画会丢失，请先导出。",
  "This browser’s storage is full. What you drew last is lost when you close the page: export your drawings, or delete some.":
    "浏览器的存储空间已满。最近画的内容在关闭页面后会丢失：请导出，或删除一些。",
  "In this browser’s storage are drawings that this page cannot read; another version of it may have written them. They stay as they are, and what you draw now is lost when you close the page: export it before.":
    "浏览器中存有本页面读不了的画，可能由另一版本写入。它们会保持原样；你现在画的内容在关闭页面后会丢失，请先导出。",
  "The file is larger than {most} MiB.": "文件超过 {most} MiB。",
  "The file cannot be read: {why}.": "无法读取该文件：{why}。",
  "The file is of version {version} of such files; this page reads version {own}.": "该文件的版本是 {version}，本页面只能读取版本 {own}。",
  "Images must be {shape} {kind}, as an export of this page has them; the file has {received}.": "图像必须为 {shape} {kind}，与本页面导出的一致；文件中是 {received}。",
  texts: "文本",
  "other numbers": "其他类型的数字",
  "The file has {images} images and {labels} labels.": "文件中有 {images} 幅图像，却有 {labels} 个标签。",
  "The label {name} is none of the network’s classes.": "标签{name}不是该网络的类别。",
});
