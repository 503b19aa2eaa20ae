import type { Operation } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { messageOf } from '../api/problem.ts'
import { createStore } from '../store/store.ts'
import { toast } from '../ui/toasts.tsx'

const LOOK_MS = 700

/** What this page does to many, and how far it is. */
export const operations = createStore<readonly Operation[]>([])

const put = (operation: Operation): void =>
  operations.set(all => [...all.filter(({ id }) => id !== operation.id), operation])

export const dismissOperation = (id: number): void =>
  operations.set(all => all.filter(each => each.id !== id))

/** Follows an operation to its end. */
export const watchOperation = async (begun: Operation): Promise<void> => {
  put(begun)
  for (let last = begun; last.state === 'running';) {
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    try {
      last = await api.get<Operation>(`/queue/operations/${begun.id}`)
      put(last)
    } catch (error) {
      toast(messageOf(error), 'failed')
      return dismissOperation(begun.id)
    }
  }
}

export const stopOperation = async (id: number): Promise<void> => {
  try {
    put(await api.remove<Operation>(`/queue/operations/${id}`))
  } catch (error) {
    toast(messageOf(error), 'failed')
  }
}
