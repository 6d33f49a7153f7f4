package dev.hufu.server.store.postgres;

import java.io.Serial;
import java.sql.SQLException;

/** Another server has the database. */
final class DatabaseTakenException extends SQLException {
    @Serial
    private static final long serialVersionUID = 1;

    private static final String IN_USE = "55006";

    DatabaseTakenException(String message, SQLException cause) {
        super(message, IN_USE, cause);
    }
}
