import { jobErrorCodes, jobStates, priorities } from '@foreman/jobs'
import { useState } from 'preact/hooks'
import type { Filters } from '../../../router/route.ts'
import { type Filter, FilterBar, refilter } from '../../../ui/filter-bar.tsx'
import { metadataChanges, metadataText } from './filters.ts'

const choicesOf = (any: string, values: readonly string[]) => [
  { value: '', label: any },
  ...values.map(value => ({ value, label: value })),
]

const FILTERS: readonly Filter[] = [
  { name: 'state', label: 'State', choices: choicesOf('any', jobStates) },
  { name: 'model', label: 'Model' },
  { name: 'caller', label: 'Caller' },
  { name: 'priority', label: 'Priority', choices: choicesOf('any', priorities) },
  { name: 'code', label: 'Error', choices: choicesOf('any', jobErrorCodes) },
  { name: 'batch', label: 'Batch' },
  {
    name: 'since',
    label: 'Since',
    choices: [
      { value: '', label: 'any time' },
      { value: '15m', label: '15 minutes' },
      { value: '1h', label: '1 hour' },
      { value: '24h', label: '24 hours' },
      { value: '7d', label: '7 days' },
    ],
  },
]

/** What the list is filtered by. */
export const JobFilters = ({ filters }: { readonly filters: Filters }) => (
  <FilterBar filters={FILTERS}>
    <Metadata filters={filters} />
  </FilterBar>
)

/** What is typed is kept as it is: half of a name is no filter yet. */
const Metadata = ({ filters }: { readonly filters: Filters }) => {
  const [text, setText] = useState(metadataText(filters))
  return (
    <label>
      <span>Metadata</span>
      <input
        type="search"
        placeholder="name=value"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget: { value } }) => {
          setText(value)
          refilter(metadataChanges(value, filters))
        }}
      />
    </label>
  )
}
