import { customType } from './drizzle.ts'

/**
 * A column of JSON that nothing depends on. A text that is not JSON, or not of the right shape, is read as null: so a
 * damaged row costs only its own value, and not the list, the poll or the change in which the row is read.
 */
export const lenientJson = <T>(name: string, hasShape: (value: unknown) => value is T) =>
  customType<{ data: T | null; driverData: string }>({
    dataType: () => 'text',
    toDriver: value => JSON.stringify(value),
    fromDriver: text => lenientValue(text, hasShape),
  })(name)

/** Reads what such a column holds. */
export const lenientValue = <T>(text: string | null, hasShape: (value: unknown) => value is T): T | null => {
  const value = text === null ? null : parse(text)
  return hasShape(value) ? value : null
}

/** As `lenientJson`, for a text that is read as it was written, so that its numbers keep their digits. */
export const lenientJsonText = (name: string, hasShape: (value: unknown) => boolean) =>
  customType<{ data: string | null; driverData: string }>({
    dataType: () => 'text',
    fromDriver: text => (hasShape(parse(text)) ? text : null),
  })(name)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
