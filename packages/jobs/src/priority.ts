/** From most to least urgent. The store keeps a priority as its index in this list. */
export const priorities = ['high', 'normal', 'low'] as const

export type Priority = (typeof priorities)[number]
