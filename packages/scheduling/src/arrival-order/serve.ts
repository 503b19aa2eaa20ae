/** The groups in memory: the one that was used last comes first. */
export type Memory = readonly string[]

export interface Served {
  readonly memory: Memory
  /** Whether the group had to be loaded. */
  readonly isLoad: boolean
}

/**
 * What a server that serves whatever comes next has in memory after a job of a group. What was used longest ago leaves.
 *
 * @param fits how many groups are in memory at a time
 */
export const serve = (groupKey: string, memory: Memory, fits: number): Served => ({
  memory: [groupKey, ...memory.filter(other => other !== groupKey)].slice(0, Math.max(1, fits)),
  isLoad: !memory.slice(0, fits).includes(groupKey),
})
