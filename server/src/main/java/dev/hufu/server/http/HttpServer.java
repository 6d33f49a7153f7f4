package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.auth.Permission;
import dev.hufu.server.http.stream.Streams;
import dev.hufu.server.run.Refusal;
import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.http.MethodNotAllowedResponse;
import io.javalin.http.servlet.JavalinServlet;
import io.javalin.http.servlet.ServletEntry;
import io.javalin.json.JsonMapper;
import io.javalin.router.Endpoint;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import kotlin.LazyKt;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API on its port. Few platform threads accept and select; each request runs on a virtual thread. {@link #drain} lets
 * what is being answered finish, {@link #stop} closes the port and every connection.
 */
public final class HttpServer implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    private static final int HEADER_BYTES = 16 << 10;
    private static final int MAXIMUM_THREADS = 8;
    private static final int MINIMUM_THREADS = 3;
    private static final String[] TLS_PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final Duration POLL = Duration.ofMillis(5);
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    static {
        // Else Jetty asks the JVM by its management interface how large a reference is, and starts all of that for it.
        System.setProperty("org.eclipse.jetty.util.referencesPerCacheLine", "16");
    }

    private final HttpConfig config;
    private final Timers timers;
    private final RequestCycle cycle;
    private final Streams streams;
    private final Gate gate;
    private final JettyErrors errors;
    private final SlowRequests slowRequests;
    private final Javalin javalin;
    private boolean started;
    private boolean stopped;

    public HttpServer(HttpConfig config, Api api, Timers timers) {
        this(config, api, timers, RequestListener.NONE);
    }

    public HttpServer(HttpConfig config, Api api, Timers timers, RequestListener listener) {
        this.errors = new JettyErrors(listener);
        this.config = config;
        this.timers = timers;
        this.cycle = new RequestCycle(
                api, new RequestBodies(config.bodyLimit(), config.bodiesAtOnce(), timers), listener, timers);
        this.streams = api.streams();
        this.gate = api.gate();
        this.slowRequests = new SlowRequests(timers, config.idleTimeout());
        this.javalin = Javalin.create(javalinConfig -> configure(javalinConfig, api));
    }

    /** Loads what the first server of a process would have to load, and keeps nothing: for a thread that has time. */
    public static void preload() {
        Javalin.create(config -> {
            config.startup.showJavalinBanner = false;
            config.unsafe.jettyInternal.server = new Server(threads());
        });
    }

    /** @throws dev.hufu.server.http.CannotListenException where the address cannot be had */
    @Override
    public synchronized void start() {
        if (started || stopped) {
            throw new IllegalStateException("was started or stopped before");
        }
        started = true;
        try {
            javalin.start();
        } catch (RuntimeException failed) {
            throw new CannotListenException(config.address(), failed);
        }
        slowRequests.start();
    }

    /** The port that is listened on; differs from the configured one where that is 0. */
    public int port() {
        return javalin.port();
    }

    /** Waits until no request is being worked on, no longer than this; then what goes on still is told to end. */
    public void drain(Duration limit) throws InterruptedException {
        awaitIdle(limit);
        streams.endAll();
        awaitIdle(LAST_WORDS);
    }

    private void awaitIdle(Duration limit) throws InterruptedException {
        long deadline = timers.nanoTime() + limit.toNanos();
        while (cycle.inFlight() > 0 && timers.nanoTime() - deadline < 0) {
            timers.sleep(POLL);
        }
    }

    @Override
    public synchronized void stop() {
        slowRequests.stop();
        if (started && !stopped) {
            javalin.stop();
            gate.stop();
        }
        stopped = true;
    }

    private void configure(JavalinConfig javalinConfig, Api api) {
        javalinConfig.startup.showJavalinBanner = false;
        javalinConfig.startup.showOldJavalinVersionWarning = false;
        javalinConfig.startup.startupWatcherEnabled = false;
        javalinConfig.http.prefer405over404 = true;
        javalinConfig.http.generateEtags = false;
        javalinConfig.http.compressionStrategy = CompressionStrategy.NONE;
        javalinConfig.router.ignoreTrailingSlashes = false;
        javalinConfig.router.javaLangErrorHandler((response, error) -> {
            throw error;
        });
        javalinConfig.jsonMapper(new NoJsonMapper());
        javalinConfig.unsafe.jettyInternal.server = server();
        javalinConfig.jetty.modifyHttpConfiguration(HttpServer::harden);
        javalinConfig.jetty.addConnector(this::connector);
        javalinConfig.jetty.modifyServletContextHandler(context -> context.setErrorHandler(errors));
        // Without the servlet that upgrades to WebSocket, which opens a session for whoever asks.
        javalinConfig.unsafe.servlet =
                LazyKt.lazy(() -> new ServletEntry(null, new JavalinServlet(javalinConfig.unsafe)));
        for (Route route : api.routes()) {
            add(javalinConfig, route.method(), route);
            if (route.method().equals("GET")) {
                add(javalinConfig, "HEAD", route);
            }
        }
        javalinConfig.routes.exception(RequestCycle.BrokenAnswerException.class, HttpServer::cut);
        javalinConfig.routes.exception(
                HttpResponseException.class,
                (refused, context) -> cycle.serve(
                        context, RequestListener.NO_ROUTE, Permission.READ, exchange -> unrouted(exchange, refused)));
    }

    /** The rest of an answer is missing: the connection is cut, so that what was sent does not look like all. */
    private static void cut(RequestCycle.BrokenAnswerException broken, Context context) {
        LOG.debug("an answer broke off", broken);
        ServletContextRequest.getServletContextRequest(context.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint()
                .close(broken);
    }

    private void add(JavalinConfig javalinConfig, String method, Route route) {
        javalinConfig.routes.addEndpoint(Endpoint.create(HandlerType.findOrCreate(method), route.path())
                .handler(context -> serve(context, route)));
    }

    private void serve(Context context, Route route) {
        cycle.serve(context, route.path(), route.permission(), route.action());
    }

    /** What no route is for. Who has no token does not learn which paths there are. */
    private static void unrouted(Exchange exchange, HttpResponseException refused) {
        if (refused instanceof MethodNotAllowedResponse) {
            exchange.header("Allow", String.join(", ", refused.getDetails().values()));
            throw new Refusal(ErrorKind.METHOD_NOT_ALLOWED, "The method is not allowed here.");
        }
        throw new Refusal(ErrorKind.NOT_FOUND, "There is nothing at this path.");
    }

    private Server server() {
        Server server = new Server(threads());
        server.setErrorHandler(errors);
        return server;
    }

    private static QueuedThreadPool threads() {
        QueuedThreadPool threads = new QueuedThreadPool(MAXIMUM_THREADS, MINIMUM_THREADS);
        threads.setName("http");
        threads.setReservedThreads(0);
        threads.setVirtualThreadsExecutor(Executors.newThreadPerTaskExecutor(Threads.virtualFactory("http-request-")));
        return threads;
    }

    private static void harden(HttpConfiguration configuration) {
        configuration.setSendServerVersion(false);
        configuration.setSendXPoweredBy(false);
        configuration.setHttpCompliance(HttpCompliance.STRICT);
        configuration.setUriCompliance(UriCompliance.DEFAULT);
        configuration.setRequestHeaderSize(HEADER_BYTES);
        configuration.setResponseHeaderSize(HEADER_BYTES);
        configuration.setRelativeRedirectAllowed(true);
    }

    private Connector connector(Server server, HttpConfiguration configuration) {
        HttpConnectionFactory http = new HttpConnectionFactory(configuration);
        SSLContext tls = config.tls();
        ServerConnector connector = tls == null
                ? new ServerConnector(server, 1, 1, http)
                : new ServerConnector(server, 1, 1, encrypted(tls, http), http);
        InetSocketAddress address = config.address();
        connector.setHost(address.getAddress().getHostAddress());
        connector.setPort(address.getPort());
        connector.setIdleTimeout(config.idleTimeout().toMillis());
        connector.addBean(slowRequests);
        return connector;
    }

    private static SslConnectionFactory encrypted(SSLContext tls, HttpConnectionFactory http) {
        SslContextFactory.Server factory = new SslContextFactory.Server();
        factory.setSslContext(tls);
        factory.setIncludeProtocols(TLS_PROTOCOLS);
        factory.setRenegotiationAllowed(false);
        // There is one certificate; which name a client knows this server by is the client's affair.
        http.getHttpConfiguration().addCustomizer(new SecureRequestCustomizer(false));
        return new SslConnectionFactory(factory, http.getProtocol());
    }

    /** Routes read and write JSON themselves; what would go around them fails. */
    private static final class NoJsonMapper implements JsonMapper {}
}
