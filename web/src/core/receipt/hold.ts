/** A check does not hold; the text says what was got and what was wanted. */
export class Broken extends Error {}

export function hold(holds: boolean, fault: string): void {
  if (!holds) throw new Broken(fault);
}
