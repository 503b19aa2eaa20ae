import { jobErrorCodes, jobStates, priorities } from '@foreman/jobs'
import { useState } from 'preact/hooks'
import type { Filters } from '../../../router/route.ts'
import { choicesOf, type Filter, FilterBar, refilter } from '../../../ui/filter-bar.tsx'
import { sinceFilter } from '../../../ui/since-filter.ts'
import { metadataChanges, metadataText } from './filters.ts'

const FILTERS: readonly Filter[] = [
  { name: 'state', label: 'State', choices: choicesOf(jobStates) },
  { name: 'model', label: 'Model' },
  { name: 'caller', label: 'Caller' },
  { name: 'priority', label: 'Priority', choices: choicesOf(priorities) },
  { name: 'code', label: 'Error', choices: choicesOf(jobErrorCodes) },
  { name: 'batch', label: 'Batch' },
  sinceFilter,
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
