import { NotNowError } from '../errors.ts'

/** The error of a verb while others keep the store busy, or it cannot be reached. */
export const unavailableError = (): NotNowError =>
  new NotNowError('unavailable', new Error('the store is busy'))

/** The error of a verb while the disk is full. */
export const fullError = (): NotNowError => new NotNowError('full', new Error('the disk is full'))

/** The error of a verb while the store can only be read. */
export const notWritableError = (): NotNowError =>
  new NotNowError('not_writable', new Error('attempt to write a read-only store'))
