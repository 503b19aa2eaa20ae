import type { Hold, ModelFigures, QueueSnapshot, ResidentSnapshot, SystemWindow } from '@foreman/jobs'

/** All that is known of a model. */
export interface ModelRow {
  readonly model: string
  /** What foreman has measured. Missing: nothing, or it is not for everybody. */
  readonly figures?: ModelFigures
  /** It is in the target's memory. */
  readonly resident?: ResidentSnapshot
  /** An operator holds it back, or lets it run outside of its window. */
  readonly hold?: Hold
  /** When it may run. Missing: at any time. */
  readonly window?: SystemWindow
}

export interface ModelFacts {
  readonly figures: readonly ModelFigures[]
  readonly snapshot: Pick<QueueSnapshot, 'targets' | 'holds'>
  readonly windows: readonly SystemWindow[]
}

/** A row for each model that was ever used, is in memory, or that somebody has decided something about. */
export const modelRows = ({ figures, snapshot, windows }: ModelFacts): ModelRow[] => {
  const residents = byName(
    snapshot.targets.flatMap(({ resident }) => resident),
    ({ model }) => model,
  )
  const measured = byName(figures, ({ model }) => model)
  const holds = byName(
    snapshot.holds.filter(({ kind }) => kind === 'model' || kind === 'open_model'),
    ({ subject = '' }) => subject,
  )
  const hours = byName(
    windows.filter(({ kind }) => kind === 'model'),
    ({ subject }) => subject,
  )
  const names = new Set([...measured.keys(), ...residents.keys(), ...holds.keys(), ...hours.keys()])
  return [...names].toSorted().map(model => ({
    model,
    ...optional('figures', measured.get(model)),
    ...optional('resident', residents.get(model)),
    ...optional('hold', holds.get(model)),
    ...optional('window', hours.get(model)),
  }))
}

/** What all models in memory take together. A model is there once for each of its groups. */
export const bytesInMemory = (rows: readonly ModelRow[]): number =>
  rows.reduce((sum, { resident }) => sum + (resident?.memory_bytes ?? 0), 0)

const byName = <Value>(values: readonly Value[], nameOf: (value: Value) => string) =>
  new Map(values.map(value => [nameOf(value), value]))

const optional = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [Each in Name]?: Value }
