import { storeContract } from '../testing/contract/contract.ts'
import { sqliteEngine } from './testing/sqlite-engine.ts'

storeContract(sqliteEngine)
