package dev.hufu.server.store.sqlite;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A prepared statement whose parameters are given in order, made anew for each execution by {@link Statements}. */
final class Query {
    /** Makes something of the row a result set stands at. */
    @FunctionalInterface
    interface Mapper<T> {
        T map(ResultSet row) throws SQLException;
    }

    private static final long NANOS = 1_000_000_000;

    private final Statements owner;
    private final String sql;
    private final PreparedStatement statement;
    private int next = 1;

    Query(Statements owner, String sql, PreparedStatement statement) {
        this.owner = owner;
        this.sql = sql;
        this.statement = statement;
    }

    Query text(@Nullable String value) throws SQLException {
        statement.setString(next++, value);
        return this;
    }

    Query number(long value) throws SQLException {
        statement.setLong(next++, value);
        return this;
    }

    Query nothing() throws SQLException {
        statement.setObject(next++, null);
        return this;
    }

    Query bytes(byte[] value) throws SQLException {
        statement.setBytes(next++, value);
        return this;
    }

    Query time(@Nullable Instant value) throws SQLException {
        if (value == null) {
            statement.setObject(next++, null);
        } else {
            statement.setLong(next++, nanos(value));
        }
        return this;
    }

    int update() throws SQLException {
        try {
            return statement.executeUpdate();
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
    }

    void run() throws SQLException {
        try {
            statement.execute();
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
    }

    <T> List<T> list(Mapper<T> mapper) throws SQLException {
        List<T> found = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                found.add(mapper.map(rows));
            }
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
        return found;
    }

    <T> Optional<T> first(Mapper<T> mapper) throws SQLException {
        try (ResultSet rows = statement.executeQuery()) {
            return rows.next() ? Optional.of(mapper.map(rows)) : Optional.empty();
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
    }

    /** The driver closes a statement that fails, so that it must be prepared anew. */
    private SQLException forgotten(SQLException failed) {
        owner.forget(sql);
        return failed;
    }

    /** Nanoseconds since the epoch: lossless, and in range until the year 2262. */
    static long nanos(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), NANOS), instant.getNano());
    }

    /** The same for times that a caller names: what is out of range is at its end. */
    static long nearestNanos(Instant instant) {
        try {
            return nanos(instant);
        } catch (ArithmeticException outOfRange) {
            return instant.getEpochSecond() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    static Instant instant(ResultSet row, int column) throws SQLException {
        long nanos = row.getLong(column);
        return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    }

    static @Nullable Instant instantOrNull(ResultSet row, int column) throws SQLException {
        Instant instant = instant(row, column);
        return row.wasNull() ? null : instant;
    }
}
