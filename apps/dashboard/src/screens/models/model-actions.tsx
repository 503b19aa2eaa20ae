import { askHold, askLetRun, askRelease } from '../../steering/hold.ts'
import { askUnload } from '../../steering/unload.ts'
import { Button } from '../../ui/button.tsx'
import type { ModelRow } from './model-rows.ts'

/** What an operator can do to a model. */
export const ModelActions = ({ row, onDone }: { readonly row: ModelRow; readonly onDone: () => void }) => {
  const { model, resident, hold, window } = row
  return (
    <>
      {resident && (
        <Button
          look="quiet"
          icon="unload"
          label={`Unload ${model}`}
          onClick={() => askUnload(model, onDone)}
        />
      )}
      {window?.is_open === false && hold?.kind !== 'open_model' && (
        <Button
          look="quiet"
          icon="clock"
          label={`Let ${model} run outside of its window`}
          onClick={() => askLetRun('open_model', model)}
        />
      )}
      {hold ? (
        <Button
          look="quiet"
          icon="play"
          label={hold.kind === 'model' ? `Release ${model}` : `End the exception of ${model}`}
          onClick={() => askRelease(hold)}
        />
      ) : (
        <Button look="quiet" icon="hand" label={`Hold ${model}`} onClick={() => askHold('model', model)} />
      )}
    </>
  )
}
