package dev.hufu.server.store.sqlite;

import dev.hufu.server.store.sql.Statements;
import dev.hufu.server.store.sql.Transactions;
import java.sql.SQLException;

/** Transactions of the one file, which nobody else writes, and the reserve beside it. */
final class SqliteTransactions implements Transactions {
    private final Statements statements;
    private final Reserve reserve;

    SqliteTransactions(Statements statements, Reserve reserve) {
        this.statements = statements;
        this.reserve = reserve;
    }

    @Override
    public void begin() throws SQLException {
        statements.run("BEGIN IMMEDIATE");
    }

    @Override
    public void commit() throws SQLException {
        statements.run("COMMIT");
    }

    @Override
    public void rollBack() throws SQLException {
        statements.run("ROLLBACK");
    }

    @Override
    public void close() throws SQLException {
        statements.close();
    }

    @Override
    public boolean spent() {
        return reserve.spent();
    }

    @Override
    public void restore() {
        reserve.restore();
    }

    @Override
    public boolean spend() throws SQLException {
        if (!reserve.spend()) {
            return false;
        }
        // Copies the write-ahead log into the store while there is room, so that it begins anew in the room that it
        // has.
        statements.runOnce("PRAGMA wal_checkpoint(PASSIVE)");
        return true;
    }
}
