import { translate } from "../../language"; translate({});
