/** Where a value of a map comes to stand in the row. */

import { h } from "../../dom";
import { tell } from "../../language";
import type { Step } from "../../network/network";
import { decimal, whole } from "../../numbers";
import { board } from "../../parts/board";
import { lookOf, strongest } from "../../parts/maps";
import { strip } from "../../parts/strip";
import { equation, sign, term } from "./equation";
import type { Scene, Setting } from "./scene";

export function flatten(setting: Setting): Scene {
  const [height, width, maps] = setting.layer.input_shape.length === 3 ? setting.layer.input_shape : [1, setting.layer.input_shape[0], 1];
  let unit = setting.unit;
  let last: Step | null = null;
  let placed = unit > 0;
  const line = equation();
  const caption = h("figcaption");
  const place = (): [number, number, number] => {
    const cell = Math.floor(unit / maps);
    return [Math.floor(cell / width), cell % width, unit % maps];
  };
  const at = (row: number, column: number): void => {
    const [y, x] = [Math.min(Math.max(row, 0), height - 1), Math.min(Math.max(column, 0), width - 1)];
    to((y * width + x) * maps + (unit % maps));
  };
  const map = board(tell("A map before it is flattened"), [height, width], {
    to: at, by: (down, across) => at(place()[0] + down, place()[1] + across),
  });
  const row = strip(tell("All values in a row"), height * width * maps, (next) => to(next));

  function to(next: number): void {
    [unit, placed] = [next, true];
    setting.moved(0, unit);
    if (last) update(last);
  }

  function update(step: Step): void {
    last = step;
    if (!placed) {
      const found = strongest(step.input, 0);
      unit = (found.row * width + found.column) * maps;
    }
    const [y, x, channel] = place();
    const text = tell("Value {number}: {value}", { number: whole(unit + 1), value: decimal(step.output.values[unit], 3) });
    map.paint(step.input, { ...lookOf(step.input), channel });
    map.mark({ top: y, left: x, bottom: y + 1, right: x + 1 }, text);
    row.update(step.output.values);
    row.mark(unit, text);
    setting.shown(0, unit);
    caption.textContent = tell("Map {number}", { number: channel + 1 });
    line.show(
      term(y + 1 + "", tell("row")), term(x + 1 + "", tell("column")), term(channel + 1 + "", tell("map")), sign("→"),
      term(whole(unit + 1), tell("place in the row: ({row} × {width} + {column}) × {maps} + {map}", {
        row: y, width, column: x, maps: whole(maps), map: channel + 1,
      }), true),
      sign("="), term(step.output.values[unit], tell("the same value")),
    );
  }

  return {
    element: h(
      "div", {},
      h("div", { class: "stage" }, h("figure", {}, map.element, caption), h("figure", { class: "long" }, row.element, h("figcaption", {}, tell("all values in a row")))),
      line.element,
    ),
    update,
  };
}
