import { canonicalModelName } from '@foreman/ollama-client'
import type { ResidentModel } from '@foreman/store'
import type { Resident } from './answers.ts'
import type { Loaded } from './residents.ts'

/**
 * The models in the target's memory, for those who look at the queue: those that have served jobs, with what the target says of them,
 * and those of which only the target knows.
 *
 * @param most so many models, and of each so many groups
 */
export const memoryOf = (
  loaded: readonly Loaded[],
  said: readonly Resident[],
  most: number,
): ResidentModel[] => {
  const others = new Map(said.map(resident => [canonicalModelName(resident.name) ?? resident.name, resident]))
  const known = loaded.map(({ groups, names }) => {
    const name = names.findLast(each => others.has(each)) ?? names.at(-1) ?? ''
    const resident = others.get(name)
    others.delete(name)
    return modelOf(name, groups.slice(-most), resident)
  })
  return [...known, ...[...others].map(([name, resident]) => modelOf(name, [], resident))].slice(0, most)
}

const modelOf = (name: string, groups: readonly string[], resident: Resident | undefined): ResidentModel => ({
  name,
  groups,
  bytes: resident?.bytes ?? null,
  expiresAt: resident && Number.isFinite(resident.expiresAt) ? resident.expiresAt : null,
})
