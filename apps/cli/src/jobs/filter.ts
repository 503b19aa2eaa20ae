import type { JobFilter } from '@foreman/foreman-client'
import { UsageError } from '../failures/usage-error.ts'
import { pastTime } from '../output/times.ts'

/** The fields of a filter that are texts. foreman says what is allowed. */
const FIELDS = ['state', 'model', 'caller', 'priority', 'code', 'batch'] as const

/**
 * The filter that is given in pairs such as `state=failed`, `since=2h`.
 *
 * @throws UsageError when a pair is none, or its field is not known
 */
export const filterOf = (pairs: readonly string[], now: number): JobFilter => {
  const filter: Record<string, string | Date> = {}
  for (const pair of pairs) {
    const [, field = '', text = ''] = /^([^=]+)=(.+)$/s.exec(pair) ?? []
    if (field === 'since') filter[field] = pastTime(text, 'since', now)
    else if (FIELDS.some(each => each === field) || /^meta\../.test(field)) filter[field] = text
    else
      throw new UsageError(
        `${JSON.stringify(pair)} is no filter: write FIELD=VALUE, where FIELD is ${FIELDS.join(', ')}, since or meta.KEY`,
      )
  }
  return filter
}
