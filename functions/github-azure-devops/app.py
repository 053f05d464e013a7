from tieline.runtime.entry import handler_for

handler = handler_for(__file__)
