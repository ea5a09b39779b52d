FROM debian:bookworm-slim
# promtool, which checks the rules, comes with it. What its pages are drawn with (220 MB) is
# of no use: the harness asks its API.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /var/log/*.log \
    /usr/share/javascript /usr/share/fonts \
 && install -d -o prometheus -g prometheus /data
USER prometheus
WORKDIR /data
ENTRYPOINT ["/bin/sh", "-euc"]
