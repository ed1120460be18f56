/** What the device keeps on itself (IndexedDB): its key, which no script can read out, its credential, and today's schedule. */

export interface Kept {
  get<T>(name: string): Promise<T | undefined>;
  put(name: string, value: unknown): Promise<void>;
  forget(): Promise<void>;
}

const DATABASE = 'sidang.device';
const STORE = 'kept';

export function browserKept(factory: IDBFactory): Kept {
  let opened: Promise<IDBDatabase> | undefined;
  const open = (): Promise<IDBDatabase> =>
    (opened ??= new Promise((done, failed) => {
      const request = factory.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error ?? new Error('the store does not open'));
    }));
  const run = async <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const database = await open();
    return new Promise((done, failed) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error ?? new Error('the store does not answer'));
    });
  };
  return {
    get: (name) => run('readonly', (store) => store.get(name)),
    put: async (name, value) => void (await run('readwrite', (store) => store.put(value, name))),
    forget: async () => void (await run('readwrite', (store) => store.clear())),
  };
}
