package dev.hufu.server.store.sql;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The row a result set stands at, with its texts as they were given. Its methods are named as those of the result set. */
public final class Row {
    private final ResultSet rows;
    private final Dialect dialect;

    Row(ResultSet rows, Dialect dialect) {
        this.rows = rows;
        this.dialect = dialect;
    }

    /** Null where the column is; no column that must not be null ever is. */
    @SuppressWarnings("NullAway")
    public String getString(int column) throws SQLException {
        @Nullable String kept = rows.getString(column);
        return kept == null ? null : dialect.given(kept);
    }

    public int getInt(int column) throws SQLException {
        return rows.getInt(column);
    }

    public long getLong(int column) throws SQLException {
        return rows.getLong(column);
    }

    public byte[] getBytes(int column) throws SQLException {
        return rows.getBytes(column);
    }

    public boolean getBoolean(int column) throws SQLException {
        return rows.getBoolean(column);
    }

    public boolean wasNull() throws SQLException {
        return rows.wasNull();
    }

    public Instant instant(int column) throws SQLException {
        return Query.instant(rows.getLong(column));
    }

    public @Nullable Instant instantOrNull(int column) throws SQLException {
        long nanos = rows.getLong(column);
        return rows.wasNull() ? null : Query.instant(nanos);
    }
}
