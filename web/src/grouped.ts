/** The values of a list under their keys, in the order in which the keys first come. */
export function grouped<Item, Value>(items: readonly Item[], key: (item: Item) => string, value: (item: Item) => Value): [string, Value[]][] {
  const groups = new Map<string, Value[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), value(item)]);
  return [...groups];
}
