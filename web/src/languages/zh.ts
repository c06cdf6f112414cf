/** What the frame of the page says, in Chinese; views bring their own. */

import { translate } from "../language";

translate({
  "Skip to content": "跳到内容",
  Views: "视图",
});
