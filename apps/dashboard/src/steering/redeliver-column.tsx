import { Button } from '../ui/button.tsx'
import type { Column } from '../ui/table.tsx'
import { askRedeliver } from './redeliver.ts'

/** The column of a list of webhooks that sends one again. */
export const redeliverColumn = <Row extends { readonly id: string }>(
  jobOf: (row: Row) => string,
  changed: () => void,
): Column<Row> => ({
  head: 'Actions',
  kind: 'actions',
  cell: row => (
    <Button
      look="quiet"
      icon="again"
      label={`Send ${row.id} again`}
      onClick={() => askRedeliver(jobOf(row), row.id, changed)}
    />
  ),
})
