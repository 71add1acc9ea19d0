/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_sql: what the database itself holds of ledgers, whoever writes.
 *
 * A transaction is written as its postings first, then its row, which seals it: the row is refused
 * unless its postings sum to zero, keep floors and lie in an open period, and after it no posting
 * is taken. kt_unsealed has a row for postings that wait for theirs: its foreign key is looked at
 * when the database commits. kt_balance is what each account gained on each day.
 *
 * Invariants, each a trigger
 *  1. The postings of a transaction sum to zero, and there are two or more.
 *  2. On no day from its own on does an account with a floor stand below it.
 *  3. A closed period takes nothing; it is closed further, never less far.
 *  4. Nothing of a transaction is changed or deleted; it is reversed once, by another one.
 */
#include "record/flow.h"

#define FOREVER(table)                                                                             \
    "DROP TRIGGER IF EXISTS " table "_kept;"                                                       \
    "CREATE TRIGGER " table "_kept BEFORE DELETE ON " table                                        \
    " BEGIN SELECT RAISE(ABORT, 'nothing of a ledger is deleted'); END;"                           \
    "DROP TRIGGER IF EXISTS " table "_fixed;"                                                      \
    "CREATE TRIGGER " table "_fixed BEFORE UPDATE ON " table                                       \
    " BEGIN SELECT RAISE(ABORT, 'nothing of a ledger is changed'); END;"

/* Is there a day from `from` on at which an account of `accounts` stands below its floor? */
#define BELOW(accounts, from)                                                                      \
    "EXISTS(SELECT 1 FROM (SELECT b.day AS day, a.floor AS floor, sum(b.amount) OVER "             \
    "(PARTITION BY b.account ORDER BY b.day) AS stands FROM kt_balance b JOIN kt_account a ON "    \
    "a.id = b.account WHERE a.floor IS NOT NULL AND b.account IN (" accounts                       \
    ")) WHERE stands < floor AND day >= " from ")"

const char flow_triggers[] =
    "CREATE TABLE IF NOT EXISTS kt_unsealed(txn INTEGER PRIMARY KEY"
    " REFERENCES kt_txn(id) DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TABLE IF NOT EXISTS kt_balance(account INTEGER NOT NULL, day TEXT NOT NULL,"
    " amount INTEGER NOT NULL, PRIMARY KEY(account, day)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX IF NOT EXISTS kt_txn_reversed ON kt_txn(reverses)"
    " WHERE reverses IS NOT NULL;" FOREVER("kt_txn") FOREVER("kt_posting") FOREVER("kt_period")

        "DROP TRIGGER IF EXISTS kt_account_kept;"
        "CREATE TRIGGER kt_account_kept BEFORE DELETE ON kt_account"
        " BEGIN SELECT RAISE(ABORT, 'nothing of a ledger is deleted'); END;"
        "DROP TRIGGER IF EXISTS kt_account_fixed;"
        "CREATE TRIGGER kt_account_fixed BEFORE UPDATE OF id, ledger, record ON kt_account"
        " BEGIN SELECT RAISE(ABORT, 'an account stays in its ledger'); END;"
        "DROP TRIGGER IF EXISTS kt_account_floor;"
        "CREATE TRIGGER kt_account_floor AFTER UPDATE OF floor ON kt_account WHEN " BELOW(
            "NEW.id",
            "''") " BEGIN SELECT RAISE(ABORT, 'the account has stood below this floor'); END;"

                  "DROP TRIGGER IF EXISTS kt_posting_open;"
                  "CREATE TRIGGER kt_posting_open BEFORE INSERT ON kt_posting BEGIN"
                  " SELECT RAISE(ABORT, 'the transaction is sealed')"
                  "  WHERE EXISTS(SELECT 1 FROM kt_txn WHERE id = NEW.txn);"
                  " SELECT RAISE(ABORT, 'an amount is a whole number, not zero and not beyond "
                  "10^15')"
                  "  WHERE typeof(NEW.amount) <> 'integer' OR NEW.amount = 0 OR abs(NEW.amount) > "
                  "1000000000000000;"
                  " SELECT RAISE(ABORT, 'there is no such account')"
                  "  WHERE NOT EXISTS(SELECT 1 FROM kt_account WHERE id = NEW.account);"
                  " INSERT OR IGNORE INTO kt_unsealed(txn) VALUES(NEW.txn); END;"

                  "DROP TRIGGER IF EXISTS kt_txn_seal;"
                  "CREATE TRIGGER kt_txn_seal BEFORE INSERT ON kt_txn BEGIN"
                  " SELECT RAISE(ABORT, 'a transaction has two lines or more')"
                  "  WHERE (SELECT count(*) FROM kt_posting WHERE txn = NEW.id) < 2;"
                  " SELECT RAISE(ABORT, 'the lines of a transaction sum to zero')"
                  "  WHERE (SELECT sum(amount) FROM kt_posting WHERE txn = NEW.id) <> 0;"
                  " SELECT RAISE(ABORT, 'an account belongs to another ledger')"
                  "  WHERE EXISTS(SELECT 1 FROM kt_posting p JOIN kt_account a ON a.id = p.account"
                  "  WHERE p.txn = NEW.id AND a.ledger <> NEW.ledger);"
                  " SELECT RAISE(ABORT, 'the period is closed')"
                  "  WHERE EXISTS(SELECT 1 FROM kt_period WHERE ledger = NEW.ledger AND until >= "
                  "NEW.day);"
                  " INSERT INTO kt_balance(account, day, amount)"
                  "  SELECT account, NEW.day, sum(amount) FROM kt_posting WHERE txn = NEW.id GROUP "
                  "BY account"
                  "  ON CONFLICT(account, day) DO UPDATE SET amount = amount + excluded.amount; "
                  "END;"
                  "DROP TRIGGER IF EXISTS kt_txn_sealed;"
                  "CREATE TRIGGER kt_txn_sealed AFTER INSERT ON kt_txn BEGIN"
                  " SELECT RAISE(ABORT, 'an account falls below its floor') WHERE " BELOW(
                      "SELECT account FROM kt_posting WHERE txn = NEW.id",
                      "NEW.day") ";"
                                 " DELETE FROM kt_unsealed WHERE txn = NEW.id; END;"

                                 "DROP TRIGGER IF EXISTS kt_period_rises;"
                                 "CREATE TRIGGER kt_period_rises BEFORE INSERT ON kt_period"
                                 " WHEN EXISTS(SELECT 1 FROM kt_period WHERE ledger = NEW.ledger "
                                 "AND until >= NEW.until)"
                                 " BEGIN SELECT RAISE(ABORT, 'the period is closed already'); END;";

/* ---- what a check of the file says ---- */

static int none(struct kt_db *db, const char *sql, const char *what, struct kt_err *err)
{
    struct kt_stmt *st;
    int r = kt_db_prepare(db, sql, &st, err);
    if (r < 0) {
        return r;
    }
    r = kt_stmt_step(st, err);
    if (r > 0) {
        r = kt_err_set(err, KT_ECORRUPT,
                       "%s (%s); restore the file from a backup or build it anew "
                       "from the journal",
                       what, kt_col_text(st, 0));
    }
    kt_stmt_done(st);
    return r;
}

int flow_verify(struct kt_db *db, const struct kt_record_model *m, struct kt_err *err)
{
    static const char *const checks[][2] = {
        {"SELECT 'transaction ' || txn FROM kt_posting GROUP BY txn HAVING sum(amount) <> 0 LIMIT "
         "1",
         "the lines of a transaction do not sum to zero"},
        {"SELECT 'posting ' || id FROM kt_posting WHERE txn NOT IN (SELECT id FROM kt_txn) LIMIT 1",
         "a line has lost its transaction"},
        {"SELECT 'transaction ' || id FROM kt_txn t WHERE (SELECT count(*) FROM kt_posting WHERE "
         "txn = t.id) < 2 LIMIT 1",
         "a transaction has lost its lines"},
        {"SELECT 'posting ' || p.id FROM kt_posting p JOIN kt_txn t ON t.id = p.txn LEFT JOIN "
         "kt_account a ON a.id = p.account WHERE a.ledger IS NOT t.ledger LIMIT 1",
         "a line is of another ledger's account"},
        {"SELECT 'account ' || account || ', ' || day FROM (SELECT account, day, amount FROM "
         "kt_balance UNION ALL SELECT p.account, t.day, -p.amount FROM kt_posting p JOIN kt_txn t "
         "ON t.id = p.txn) GROUP BY account, day HAVING sum(amount) <> 0 LIMIT 1",
         "balance and lines of an account differ"},
        {"SELECT 'account ' || id || ', ' || day FROM (SELECT a.id AS id, b.day AS day, a.floor AS "
         "floor, sum(b.amount) OVER (PARTITION BY b.account ORDER BY b.day) AS stands FROM "
         "kt_balance b JOIN kt_account a ON a.id = b.account WHERE a.floor IS NOT NULL) WHERE "
         "stands < floor LIMIT 1",
         "an account stands below its floor"},
        {"SELECT 'record ' || record FROM kt_timer WHERE record IS NOT NULL AND record NOT IN "
         "(SELECT id FROM kt_record) LIMIT 1",
         "a deadline has lost its record"}};
    (void)m;
    for (size_t i = 0; i < KT_ARRAY_LEN(checks); i++) {
        int r = none(db, checks[i][0], checks[i][1], err);
        if (r < 0) {
            return r;
        }
    }
    return KT_OK;
}
