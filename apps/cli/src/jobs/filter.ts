import type { JobFilter } from '@foreman/foreman-client'
import { UsageError } from '../failures/usage-error.ts'
import { pastTime } from '../output/times.ts'
import { FIELDS, TEXTS, TIMES } from './filter-fields.ts'

const META = 'meta.'

/**
 * The filter that is given in pairs such as `state=failed`, `since=2h` or `meta.page=7`.
 *
 * @throws UsageError when a pair is none, or its field is not known
 */
export const filterOf = (pairs: readonly string[], now: number): JobFilter => {
  const filter: Record<string, string | Date> = {}
  const meta = new Map<string, string>()
  for (const pair of pairs) {
    const [, field = '', text = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
    if (TIMES.some(each => each === field)) filter[field] = pastTime(text, field, now)
    else if (TEXTS.some(each => each === field)) filter[field] = text
    else if (field.startsWith(META)) meta.set(field.slice(META.length), text)
    else
      throw new UsageError(
        `${JSON.stringify(pair)} is no filter: write FIELD=VALUE, where FIELD is ${FIELDS.join(', ')} or meta.KEY`,
      )
  }
  return { ...filter, ...(meta.size > 0 && { meta: Object.fromEntries(meta) }) }
}
