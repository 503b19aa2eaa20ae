/** It cannot be done, and the message says why. */
export class Failed extends Error {
  override name = 'Failed'
}
