/** Numbers of one image: a map as [height, width, channels], a vector as [units]. */
export interface Tensor {
  shape: number[];
  values: Float32Array;
}

export function tensor(shape: number[], values: Float32Array = new Float32Array(size(shape))): Tensor {
  return { shape, values };
}

export function size(shape: number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Where the greatest value stands; the first of equals. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
