export { type AnswerReader, type JobAnswer, readAnswer, type ResultJson } from './answer.ts'
export { describeDelivery, errorCodeIn, outlineOfDelivery } from './describe-delivery.ts'
export {
  aroundResult,
  jobError,
  type JobExtras,
  jobJson,
  type Prospect,
  prospectFields,
} from './describe-job.ts'
export { estimateEvent, eventOf } from './event-of.ts'
export { time } from './time.ts'
export { webhookBody, type WebhookBodyOptions, INLINE_RESULT_BYTES } from './webhook-body.ts'
export { webhookMessages } from './webhook-messages.ts'
export { shownModel, type WaitsFor, type Why, whyStarted, whyWaiting } from './why.ts'
export { whyGroupWaits } from './why-group.ts'
