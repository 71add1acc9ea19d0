// SPDX-License-Identifier: Apache-2.0
/** Ordered lists that features fill and the shell reads; the only way features meet. */
import { signal } from '@preact/signals';

export interface Entry {
  id: string;
  order?: number;
}

export class Registry<T extends Entry> {
  private readonly items = signal<readonly T[]>([]);

  constructor(private readonly what: string) {}

  /** Adds an entry; returns the function that takes it out again. */
  add(item: T): () => void {
    if (this.items.value.some((i) => i.id === item.id)) {
      throw new Error(`${this.what}: "${item.id}" is registered twice`);
    }
    this.items.value = [...this.items.value, item].sort(
      (a, b) => (a.order ?? 50) - (b.order ?? 50),
    );
    return () => {
      this.items.value = this.items.value.filter((i) => i !== item);
    };
  }

  /** Reading it inside a component subscribes the component. */
  get list(): readonly T[] {
    return this.items.value;
  }

  get(id: string): T | undefined {
    return this.items.value.find((i) => i.id === id);
  }
}
