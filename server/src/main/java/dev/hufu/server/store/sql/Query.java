package dev.hufu.server.store.sql;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A prepared statement whose parameters are given in order, made anew for each execution by {@link Statements}. */
public final class Query {
    /** Makes something of a row. */
    @FunctionalInterface
    public interface Mapper<T> {
        T map(Row row) throws SQLException;
    }

    private static final long NANOS = 1_000_000_000;

    private final Statements owner;
    private final String sql;
    private final Statements.Prepared prepared;
    private final PreparedStatement statement;
    private int next = 1;

    Query(Statements owner, String sql, Statements.Prepared prepared) {
        this.owner = owner;
        this.sql = sql;
        this.prepared = prepared;
        this.statement = prepared.statement();
    }

    public Query text(@Nullable String value) throws SQLException {
        String kept = value == null ? null : owner.dialect().kept(value);
        if (prepared.numbered() == null) {
            statement.setString(next++, kept);
        } else {
            for (int place : nextPlaces()) {
                statement.setString(place, kept);
            }
        }
        return this;
    }

    public Query number(long value) throws SQLException {
        if (prepared.numbered() == null) {
            statement.setLong(next++, value);
        } else {
            for (int place : nextPlaces()) {
                statement.setLong(place, value);
            }
        }
        return this;
    }

    /** No number. */
    public Query nothing() throws SQLException {
        if (prepared.numbered() == null) {
            statement.setNull(next++, Types.BIGINT);
        } else {
            for (int place : nextPlaces()) {
                statement.setNull(place, Types.BIGINT);
            }
        }
        return this;
    }

    public Query bytes(byte[] value) throws SQLException {
        statement.setBytes(next++, value);
        return this;
    }

    public Query time(@Nullable Instant value) throws SQLException {
        return value == null ? nothing() : number(nanos(value));
    }

    private int[] nextPlaces() {
        return Objects.requireNonNull(prepared.numbered()).places(next++);
    }

    public int update() throws SQLException {
        owner.noteWrite();
        try {
            return statement.executeUpdate();
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
    }

    /** Writes a row that nobody reads before {@link Statements#flush}; where the database can, together with others. */
    public void append() throws SQLException {
        if (owner.dialect().batches()) {
            owner.append(sql, prepared);
        } else {
            update();
        }
    }

    public void run() throws SQLException {
        try {
            statement.execute();
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
    }

    public <T> List<T> list(Mapper<T> mapper) throws SQLException {
        List<T> found = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
            Row row = new Row(rows, owner.dialect());
            while (rows.next()) {
                found.add(mapper.map(row));
            }
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
        return found;
    }

    public <T> Optional<T> first(Mapper<T> mapper) throws SQLException {
        try (ResultSet rows = statement.executeQuery()) {
            return rows.next() ? Optional.of(mapper.map(new Row(rows, owner.dialect()))) : Optional.empty();
        } catch (SQLException failed) {
            throw forgotten(failed);
        }
    }

    /** The driver may close a statement that fails, so that it must be prepared anew. */
    private SQLException forgotten(SQLException failed) {
        owner.forget(sql);
        return failed;
    }

    /** Nanoseconds since the epoch: lossless, and in range until the year 2262. */
    public static long nanos(Instant instant) {
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

    static Instant instant(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    }

    public static Instant instant(Row row, int column) throws SQLException {
        return row.instant(column);
    }

    public static @Nullable Instant instantOrNull(Row row, int column) throws SQLException {
        return row.instantOrNull(column);
    }
}
