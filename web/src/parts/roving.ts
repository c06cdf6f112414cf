/** One stop of the Tab key for a group of buttons or links; arrow keys move within it. */

const STEPS: Record<string, (at: number, count: number, row: number) => number> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowUp: (at, _, row) => at - row,
  ArrowDown: (at, _, row) => at + row,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Let arrow keys move the focus among the buttons and links of a group, also those that come later. */
export function roving(group: HTMLElement): void {
  group.addEventListener("keydown", (event) => {
    const all = [...group.querySelectorAll<HTMLElement>("a, button")];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const step = STEPS[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    const top = all[0].offsetTop;
    const row = all.findIndex((each) => each.offsetTop > top);
    const next = all[Math.min(Math.max(step(at, all.length, row < 0 ? all.length : row), 0), all.length - 1)];
    stopAt(all, next);
    next.focus();
  });
}

/** The one that the Tab key stops at. */
export function stopAt(all: HTMLElement[], chosen: HTMLElement | undefined): void {
  for (const each of all) each.tabIndex = each === (chosen ?? all[0]) ? 0 : -1;
}
