import type { Store, StoreReader } from '../../contract.ts'
import type { OpenOptions } from '../../open-store.ts'

/** The kinds of rows of which there can be many. `receivers`: those that are gone. */
export const kinds = [
  'jobs',
  'requests',
  'parts',
  'details',
  'log',
  'deliveries',
  'attempts',
  'receivers',
  'arrivals',
  'gateways',
  'workers',
  'batches',
  'batchLines',
  'files',
  'fileParts',
] as const
export type Kind = (typeof kinds)[number]
export type Counts = Readonly<Record<Kind, number>>

/** How an engine finds rows for a statement. */
export interface Lookup {
  /** `other`: a kind of which there are always few. */
  readonly kind: Kind | 'other'
  /** The index that it uses. `key`: the primary key. Undefined: none, it reads rows one after the other. */
  readonly index: string | undefined
  /**
   * The columns that bound what it reads of the index; a key of one column is `key`. None: it reads the index from one end, and
   * of a `key` only that end.
   */
  readonly by: readonly string[]
}

/** What the contract tests need of an engine, besides the interface. */
export interface Engine {
  readonly name: string
  /** A new, empty store that one process has open, until the current test ends. */
  readonly create: (options?: Partial<OpenOptions>) => Promise<TestedStore>
}

export interface TestedStore {
  readonly store: Store
  /** What `openStore` and `openReader` open it by. */
  readonly location: string
  /** One more process on it, until the current test ends. */
  readonly open: (options?: Partial<OpenOptions>) => Promise<Store>
  readonly openReader: () => Promise<StoreReader>
  /** What the interface does not show: how many rows there are. */
  readonly counts: () => Promise<Counts>
  /** How the engine finds the rows of the statements that `act` runs. */
  readonly lookupsOf: (act: () => Promise<unknown>) => Promise<Lookup[]>
  /** Rejects when what is stored is damaged, or refers to what is not there. */
  readonly ensureSound: () => Promise<void>
}
