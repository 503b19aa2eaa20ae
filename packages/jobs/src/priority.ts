/** The priorities of a job, from the most to the least urgent. The store keeps a priority as its index in this list. */
export const priorities = ['high', 'normal', 'low'] as const

export type Priority = (typeof priorities)[number]
