package dev.hufu.server.maintenance;

import dev.hufu.server.config.CheckpointConfig;
import dev.hufu.support.Timers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Sends each checkpoint as a message of RFC 5424: a datagram of its own, or over TCP with its length in front (RFC 6587). */
final class Syslog implements CheckpointReceiver {
    /** Facility 13, log audit; severity 5, notice. */
    private static final int PRIORITY = 13 * 8 + 5;

    private static final int PATIENCE_MILLIS = 10_000;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final CheckpointConfig.Syslog target;
    private final Timers timers;

    Syslog(CheckpointConfig.Syslog target, Timers timers) {
        this.target = target;
        this.timers = timers;
    }

    @Override
    public String name() {
        return "syslog";
    }

    @Override
    public void send(byte[] line) throws IOException {
        byte[] message = message(line);
        // Looked up each time: where logs go may move.
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(target.host()), target.port());
        if (target.tcp()) {
            try (Socket socket = new Socket()) {
                socket.connect(address, PATIENCE_MILLIS);
                socket.setSoTimeout(PATIENCE_MILLIS);
                OutputStream out = socket.getOutputStream();
                out.write((message.length + " ").getBytes(StandardCharsets.US_ASCII));
                out.write(message);
                out.flush();
                socket.shutdownOutput();
            }
        } else {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.send(new DatagramPacket(message, message.length, address));
            }
        }
    }

    private byte[] message(byte[] line) {
        String header = "<" + PRIORITY + ">1 " + TIME.format(timers.now()) + " " + host() + " hufu "
                + ProcessHandle.current().pid() + " audit-checkpoint - ";
        ByteArrayOutputStream message = new ByteArrayOutputStream(512);
        message.writeBytes(header.getBytes(StandardCharsets.US_ASCII));
        message.writeBytes(line);
        return message.toByteArray();
    }

    private static String host() {
        try {
            String name = InetAddress.getLocalHost().getHostName();
            return name.matches("[\\x21-\\x7e]{1,255}") ? name : "-";
        } catch (UnknownHostException nameless) {
            return "-";
        }
    }
}
