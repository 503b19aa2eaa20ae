import { shownModel as nameOf } from '@foreman/job-view'
import { OTHER_MODEL } from '@foreman/store'

/** How a model is called in the metrics. */
export interface ModelLabels {
  /** Of the target's models, as far as they are counted one by one. */
  readonly all: readonly string[]
  /** Of a canonical name. */
  readonly of: (model: string) => string
}

/** @param models the canonical names of the target's models, as far as they are counted one by one */
export const modelLabels = (models: readonly string[]): ModelLabels => {
  const known = new Set(models)
  return {
    all: models.map(shownModel),
    // A misspelt name makes no series.
    of: model => (known.has(model) ? shownModel(model) : OTHER_MODEL),
  }
}

/** What is counted has the name of a model, or that of all others. */
export const shownModel = (model: string): string => (model === OTHER_MODEL ? OTHER_MODEL : nameOf(model))
