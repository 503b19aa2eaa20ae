import { setFilters, useRoute } from '../router/navigation.ts'

/** A filter, under its name in the URL. With choices it is a list, and the first of them is the default. */
export interface Filter {
  readonly name: string
  readonly label: string
  readonly choices?: readonly { readonly value: string; readonly label: string }[]
}

/** What a screen is filtered by. It stands in the URL, so that it can be kept and handed on. */
export const FilterBar = ({ filters }: { readonly filters: readonly Filter[] }) => {
  const { filters: given } = useRoute()
  return (
    <div class="filters" role="search">
      {filters.map(({ name, label, choices }) => (
        <label key={name}>
          <span>{label}</span>
          {choices ? (
            <select
              value={given[name] ?? choices[0]?.value}
              onChange={({ currentTarget: { value } }) =>
                setFilters({ [name]: value === choices[0]?.value ? '' : value })
              }
            >
              {choices.map(choice => (
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
              onInput={({ currentTarget }) => setFilters({ [name]: currentTarget.value })}
            />
          )}
        </label>
      ))}
    </div>
  )
}
