import type { SystemSetting } from '@foreman/jobs'

export const kinds = [
  { value: 'set', label: 'those that were set' },
  { value: 'differ', label: 'those that differ' },
  { value: 'all', label: 'all' },
] as const

interface Wanted {
  readonly kind: string | undefined
  /** A part of the name. */
  readonly name: string | undefined
}

/** The settings that somebody wants to see. What differs between processes comes first. Whoever looks for a name looks among all. */
export const settingsShown = (
  settings: readonly SystemSetting[],
  { kind, name = '' }: Wanted,
): SystemSetting[] => {
  const wanted = name.trim().toUpperCase()
  return settings
    .filter(setting => {
      if (!setting.name.includes(wanted)) return false
      if (kind === 'differ') return setting.differs === true
      return kind === 'all' || wanted !== '' || setting.is_set || setting.differs === true
    })
    .toSorted((a, b) => Number(b.differs ?? false) - Number(a.differs ?? false))
}
