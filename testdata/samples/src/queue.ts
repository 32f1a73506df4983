export interface Berth<T extends string = string> { id: T; free: boolean }

export const next = <T extends string>(b: Berth<T>[]): T | undefined =>
  b.find(({ free }) => free)?.id; // `.ts` is also a video format
