export { type AllowList, parseAllowList } from './allow-list.ts'
export { type Failure, nextAttemptDelayMs, retryScheduleMs } from './backoff.ts'
export { classify, type Outcome } from './classify.ts'
export { type Deliver, deliverer, type DelivererOptions, type Message } from './deliver.ts'
export {
  type Destination,
  DestinationError,
  destinationPolicy,
  type DestinationPolicy,
  type DestinationRefusal,
  type PolicyOptions,
} from './destination.ts'
export type { Address, Resolve } from './look-ups.ts'
export { parseSecrets } from './secret.ts'
export { sign, type SignedHeaders, type SignOptions } from './sign.ts'
export { VerificationError, type VerificationFailure, verify, type VerifyOptions } from './verify.ts'
