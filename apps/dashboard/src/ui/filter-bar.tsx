import type { ComponentChildren } from 'preact'
import { setFilters, useRoute } from '../router/navigation.ts'
import type { Filters } from '../router/route.ts'

/** A filter, under its name in the URL. With choices it is a list, and the first of them is the default. */
export interface Filter {
  readonly name: string
  readonly label: string
  readonly choices?: readonly { readonly value: string; readonly label: string }[]
}

/** The choices of a filter that need not be used. */
export const choicesOf = (values: readonly string[]): NonNullable<Filter['choices']> => [
  { value: '', label: 'any' },
  ...values.map(value => ({ value, label: value })),
]

interface FilterBarProps {
  readonly filters: readonly Filter[]
  /** Filters of another kind. */
  readonly children?: ComponentChildren
}

/** Changes filters in the URL. Other rows have other pages, so that of the list is left. */
export const refilter = (changes: Filters): void => setFilters({ cursor: '', ...changes })

/** What a screen is filtered by. It stands in the URL, so that it can be kept and handed on. */
export const FilterBar = ({ filters, children }: FilterBarProps) => {
  const { filters: given } = useRoute()
  return (
    <div class="filters" role="group" aria-label="Filters">
      {filters.map(({ name, label, choices }) => (
        <label key={name}>
          <span>{label}</span>
          {choices ? (
            <select
              value={given[name] ?? choices[0]?.value}
              onChange={({ currentTarget: { value } }) =>
                refilter({ [name]: value === choices[0]?.value ? '' : value })
              }
            >
              {withGiven(choices, given[name]).map(choice => (
                <option key={choice.value} value={choice.value}>
                  {choice.label}
                </option>
              ))}
            </select>
          ) : (
            <input
              type="search"
              data-filter
              value={given[name] ?? ''}
              onInput={({ currentTarget }) => refilter({ [name]: currentTarget.value })}
            />
          )}
        </label>
      ))}
      {children}
    </div>
  )
}

type Choices = NonNullable<Filter['choices']>

/** Whoever wrote the URL may have meant something that is not offered. */
const withGiven = (choices: Choices, given = ''): Choices =>
  given === '' || choices.some(({ value }) => value === given)
    ? choices
    : [...choices, { value: given, label: given }]
