export { type Answer, type AnswerReader, readAnswer } from './answer.ts'
export { composer, INLINE_RESULT_BYTES } from './compose.ts'
export { type Besides, describeJob } from './describe.ts'
