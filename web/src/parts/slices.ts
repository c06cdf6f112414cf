/** Long work in slices, between which the page stays alive. */

const SLICE = 12; // milliseconds

/** Do a step for each number; the function that comes back gives up the rest. */
export function inSlices(count: number, step: (number: number) => void, told: (done: number) => void): () => void {
  let done = 0;
  let timer = 0;
  const slice = (): void => {
    const until = performance.now() + SLICE;
    do step(done++);
    while (done < count && performance.now() < until);
    if (done < count) timer = setTimeout(slice);
    told(done);
  };
  if (count > 0) timer = setTimeout(slice);
  return () => clearTimeout(timer);
}
