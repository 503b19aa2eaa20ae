import { StoreUnusableError } from '@foreman/store'
import { Failed } from '../failures/failed.ts'

/** Does something with a queue. @throws Failed when that cannot be done */
export const withQueue = <T>(act: () => T): T => {
  try {
    return act()
  } catch (error) {
    throw error instanceof StoreUnusableError ? new Failed(error.message, { cause: error }) : error
  }
}
