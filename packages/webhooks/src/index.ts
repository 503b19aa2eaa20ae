export { sign, type SignedHeaders, type SignOptions } from './sign.ts'
export { VerificationError, type VerificationFailure, verify, type VerifyOptions } from './verify.ts'
